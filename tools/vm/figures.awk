# SPDX-License-Identifier: GPL-2.0
# Put figures into the tables of texts.
#
#   awk -f figures.awk FIGURES TEXT
#
# FIGURES is what figures.jq prints.  In TEXT, a line that has one of the words below
# begins a table; a row of it is a line that begins, but for blanks and a bar, with the
# row's name, and has nothing but figures, two at least, behind that.  Of a patch only the message is
# looked at.  Prints TEXT; with CHECK=1 instead "TABLE<TAB>ROW<TAB>FIGURES..." of each
# row, and FIGURES may be empty.

BEGIN {
	FS = "\t"
	starts["through a tap"] = "tun"
	starts["to a macvtap"] = "tap"
	starts["redirect a TCP frame"] = "xdp"
	starts["in bulks of 16"] = "bulk"
	starts["frame of 64 bytes"] = "nic"
	starts["hash map of 8 + 8 bytes"] = "map"
	starts["per Toeplitz"] = "toeplitz"
	number = "[-+]?[0-9]+([.][0-9]+)?"
}

FILENAME == ARGV[1] {
	line = $3
	for (i = 4; i <= NF; i++)
		line = line "\t" $i
	figures[$1, $2, NF - 2] = line
	next
}

FNR == 1 { table = ""; over = 0 }
FILENAME ~ /[.]patch$/ && /^---$/ { over = 1 }

# put LINE: with the figures of its row, if it is one
function put(line,	name, rest, head, count, values, n, out, width, old) {
	if (!match(line, /^[ |]*/))
		return line
	head = substr(line, 1, RLENGTH)
	rest = substr(line, RLENGTH + 1)
	# The name ends where nothing but figures comes.
	if (!match(rest, "[ |]+(" number "[ |]+)+" number "[ |]*$"))
		return line
	name = substr(rest, 1, RSTART - 1)
	rest = substr(rest, RSTART)
	if (name == "")
		return line
	within = 1
	old = rest
	count = gsub(number, "&", old)
	if (CHECK) {
		gsub(/[ |]+/, "\t", old)
		sub(/\t$/, "", old)
		print table "\t" name old
		return line
	}
	if (!((table, name, count) in figures))
		return line
	split(figures[table, name, count], values, "\t")
	out = ""
	for (n = 1; n <= count; n++) {
		match(rest, number)
		old = substr(rest, 1, RSTART + RLENGTH - 1)
		rest = substr(rest, RSTART + RLENGTH)
		width = RLENGTH
		sub(number "$", "", old)
		# Columns that blanks make keep their right edge.
		if (old !~ /[|]/)
			old = sprintf("%*s", length(old) + width - length(values[n]), "")
		out = out old values[n]
	}
	return head name out rest
}

# A table ends behind its rows.
/^ *$/ && within { table = ""; within = 0 }

{
	for (word in starts)
		if (!over && index($0, word)) {
			table = starts[word]
			within = 0
		}
	line = over || table == "" ? $0 : put($0)
	if (!CHECK)
		print line
}
