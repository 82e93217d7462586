# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of vnetctl(8) for bash.

_vnetctl_devices()
{
	local path

	for path in /sys/class/net/*; do
		if [[ -e $path/tun_flags || -d $path/macvtap ||
		      -d $path/ipvtap ]]; then
			echo "${path##*/}"
		fi
	done
}

_vnetctl_bridges()
{
	local path

	for path in /sys/class/net/*/bridge; do
		[[ -d $path ]] || continue
		path=${path%/bridge}
		echo "${path##*/}"
	done
}

# Completes the last item of a comma separated list.
_vnetctl_types()
{
	local typed=$1 done=""
	local names="ipv4 tcpv4 udpv4 ipv6 tcpv6 udpv6 ip_ex tcp_ex udp_ex"

	if [[ $typed == *,* ]]; then
		done=${typed%,*},
	else
		names+=" all none keep"
	fi
	compgen -P "$done" -W "$names" -- "${typed##*,}"
}

_vnetctl_lines()
{
	mapfile -t COMPREPLY
}

# Position of run's COMMAND, found after `--' or as the first word that is
# neither an option nor an option's value; empty while it is not typed yet.
_vnetctl_run_command()
{
	local i valued=$1

	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--)
			echo $((i + 1))
			return
			;;
		-*)
			if [[ " $valued " == *" ${COMP_WORDS[i]} "* ]]; then
				((i++))
				# "--dev=tap0" is three words to readline
				[[ ${COMP_WORDS[i]} != "=" ]] || ((i++))
			fi
			;;
		*)
			echo "$i"
			return
			;;
		esac
	done
}

# The commands that can be executed: no keyword, function or alias.
_vnetctl_executables()
{
	local name

	compgen -c -- "$1" | sort -u | while read -r name; do
		[[ -z $(type -P "$name") ]] || echo "$name"
	done
	compgen -f -- "$1"
}

_vnetctl_commands()
{
	compgen -W "caps show set clear run help --json --help --usage --version" -- "$1"
}

_vnetctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	local common="--help --usage --version"
	local hashing="--report --rss --table --unclassified --types --key --key-file"
	local valued="--dev --queues --hdr-size --mtu --bridge --table --steering-prog"
	local options start command=1

	valued+=" --unclassified --types --key --key-file"
	COMPREPLY=()

	while [[ ${COMP_WORDS[command]} == -j || ${COMP_WORDS[command]} == --json ]] &&
	      ((command < COMP_CWORD)); do
		((command++))
	done
	if ((COMP_CWORD == command)); then
		_vnetctl_lines < <(_vnetctl_commands "$cur")
		return
	fi

	if [[ ${COMP_WORDS[command]} == run ]]; then
		start=$(_vnetctl_run_command "$valued")
		if [[ -n $start ]]; then
			if declare -F _command_offset > /dev/null; then
				_command_offset "$start"
			elif ((COMP_CWORD == start)); then
				_vnetctl_lines < <(_vnetctl_executables "$cur")
			else
				_vnetctl_lines < <(compgen -f -- "$cur")
			fi
			return
		fi
	fi

	if [[ $cur == "=" ]]; then
		cur=""
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	# readline splits at the colon: the rest of a table is the user's
	if [[ $cur == ":" || $prev == ":" ]]; then
		return
	fi

	case $prev in
	--dev)
		_vnetctl_lines < <(compgen -W "$(_vnetctl_devices)" -- "$cur")
		return
		;;
	--bridge)
		_vnetctl_lines < <(compgen -W "$(_vnetctl_bridges)" -- "$cur")
		return
		;;
	--types)
		_vnetctl_lines < <(_vnetctl_types "$cur")
		return
		;;
	--key)
		# of show, which takes no value
		if [[ ${COMP_WORDS[command]} != show ]]; then
			_vnetctl_lines < <(compgen -W "default random keep" -- "$cur")
			return
		fi
		;;
	--hdr-size)
		_vnetctl_lines < <(compgen -W "10 12 20" -- "$cur")
		return
		;;
	--table)
		_vnetctl_lines < <(compgen -W "equal: weights:" -- "$cur")
		compopt -o nospace
		return
		;;
	--key-file)
		_vnetctl_lines < <(compgen -f -- "$cur")
		return
		;;
	--steering-prog)
		_vnetctl_lines < <(compgen -W none -- "$cur"; compgen -f -- "$cur")
		return
		;;
	--queues | --mtu | --unclassified)
		return
		;;
	esac

	case ${COMP_WORDS[command]} in
	caps)
		options="--json"
		;;
	show)
		options="--dev --json --key $(_vnetctl_devices)"
		;;
	set)
		options="--dev --json --quiet --dry-run --steering-prog $hashing"
		options+=" $(_vnetctl_devices)"
		;;
	clear)
		options="--dev --json --quiet $(_vnetctl_devices)"
		;;
	run)
		options="--dev --queues --hdr-size --mtu --bridge --up --steering-prog --verbose"
		options+=" $hashing --"
		;;
	help)
		options="caps show set clear run"
		common=""
		;;
	*)
		return
		;;
	esac
	_vnetctl_lines < <(compgen -W "$options $common" -- "$cur")
}

complete -F _vnetctl vnetctl
