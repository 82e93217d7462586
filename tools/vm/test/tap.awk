# SPDX-License-Identifier: GPL-2.0
# From a program's TAP, or KUnit's KTAP, one line per leaf case:
#   ok|not ok|skip|xfail TAB name TAB the line itself
# and "plan TAB number" for what it announced, "done TAB number" for what came.

function flush_deeper(depth,	d)
{
	for (d in seen)
		if (d + 0 > depth)
			delete seen[d]
	for (d in subtest)
		if (d + 0 > depth + 4)
			delete subtest[d]
}

/^ *# Subtest: / {
	match($0, /^ */)
	indent = RLENGTH
	subtest[indent] = substr($0, index($0, "# Subtest: ") + 11)
	next
}

/^ *1\.\.[0-9]+/ {
	match($0, /^ */)
	if (RLENGTH == 0) {
		plan = $1
		sub(/^1\.\./, "", plan)
		print "plan\t" plan + 0
		if ($0 ~ /# *SKIP/)
			print "allskip\t" $0
	}
	next
}

/^ *(not )?ok [0-9]+/ {
	line = $0
	match(line, /^ */)
	indent = RLENGTH
	line = substr(line, indent + 1)
	result = line ~ /^not ok/ ? "not ok" : "ok"
	name = line
	sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
	if (name ~ /# *SKIP/ && result == "ok")
		result = "skip"
	if (name ~ /# *XFAIL/)
		result = "xfail"
	sub(/ *# *(SKIP|XFAIL|TIME|TODO|exit=|Test|speed).*/, "", name)
	if (indent == 0)
		done++

	parent = 0
	for (d in seen)
		if (d + 0 > indent) {
			parent = 1
			if (seen[d] == "not ok")
				failed = 1
		}
	if (!parent || (result == "not ok" && !failed)) {
		prefix = ""
		for (d = 0; d <= indent; d++)
			if (d in subtest)
				prefix = prefix subtest[d] "."
		print result "\t" prefix name "\t" line
	}
	if (parent)
		failed = 0
	flush_deeper(indent)
	if (!(indent in seen) || result == "not ok")
		seen[indent] = result
	delete subtest[indent + 4]
}

END { print "done\t" done + 0 }
