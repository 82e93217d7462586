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
		names+=" all none"
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

_vnetctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	local common="--help --usage --version"
	local hashing="--report --rss --table --unclassified --types --key"
	local valued="--dev --queues --hdr-size --mtu --bridge --table --steering-prog"
	local options start

	valued+=" --unclassified --types --key"
	COMPREPLY=()

	if ((COMP_CWORD == 1)); then
		_vnetctl_lines < <(compgen -W "caps show set clear run $common" -- "$cur")
		return
	fi

	if [[ ${COMP_WORDS[1]} == run ]]; then
		start=$(_vnetctl_run_command "$valued")
		if [[ -n $start ]]; then
			if declare -F _command_offset > /dev/null; then
				_command_offset "$start"
			else
				_vnetctl_lines < <(compgen -c -f -- "$cur")
			fi
			return
		fi
	fi

	if [[ $cur == "=" ]]; then
		cur=""
	elif [[ $prev == "=" ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
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
		_vnetctl_lines < <(compgen -W "default random" -- "$cur")
		return
		;;
	--hdr-size)
		_vnetctl_lines < <(compgen -W "10 12 20" -- "$cur")
		return
		;;
	--table)
		# readline splits at the colon, so only the first half is ours
		_vnetctl_lines < <(compgen -W "equal: weights:" -- "$cur")
		compopt -o nospace
		return
		;;
	--steering-prog)
		_vnetctl_lines < <(compgen -f -- "$cur")
		return
		;;
	--queues | --mtu | --unclassified)
		return
		;;
	esac

	case ${COMP_WORDS[1]} in
	caps)
		options="--json"
		;;
	show)
		options="--json $(_vnetctl_devices)"
		;;
	set)
		options="--dev --json $hashing"
		;;
	clear)
		options="--dev --json"
		;;
	run)
		options="--dev --queues --hdr-size --mtu --bridge --up --steering-prog --verbose"
		options+=" $hashing --"
		;;
	*)
		return
		;;
	esac
	_vnetctl_lines < <(compgen -W "$options $common" -- "$cur")
}

complete -F _vnetctl vnetctl
