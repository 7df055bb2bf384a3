#!/bin/sh
# Outlives its parent by a moment to clean up after it. The parent holds the other end of standard input and names what
# it starts; the pipe ends when the parent does, however it ends, SIGKILL included.
#   process PID SIGNAL   kill process group PID with SIGNAL
#   forget PID           it has ended by itself; its number may be somebody else's soon
#   folder PATH          remove it, once the processes are gone, and what is mounted on it
processes=
while read -r verb first rest; do
  case $verb in
    process) processes="$processes $first:$rest" ;;
    forget)
      kept=
      for entry in $processes; do [ "${entry%%:*}" = "$first" ] || kept="$kept $entry"; done
      processes=$kept
      ;;
    folder) set -- "$@" "$first${rest:+ $rest}" ;;
  esac
done

# A zombie counts as gone: in a container nobody may ever reap it.
any_alive() {
  for entry in $processes; do
    case $(ps -o stat= -p "${entry%%:*}" 2>/dev/null) in '' | Z*) ;; *) return 0 ;; esac
  done
  return 1
}

for entry in $processes; do
  kill -s "${entry#*:}" -- "-${entry%%:*}"
  # A suspended server takes its signal only when it goes on.
  kill -s CONT -- "-${entry%%:*}"
done
# PostgreSQL kills its stuck children 5 seconds after SIGQUIT, so it gets a little longer than that.
tries=0
while [ "$tries" -lt 80 ] && any_alive; do
  sleep 0.1
  tries=$((tries + 1))
done
for entry in $processes; do kill -s KILL -- "-${entry%%:*}"; done
[ "$#" -eq 0 ] && exit
# Else the folder would stay, as the place of a mount.
for folder; do umount -l -- "$folder" 2>/dev/null; done
# A child of PostgreSQL may write its last file meanwhile.
rm -rf -- "$@" || { sleep 1; rm -rf -- "$@"; }
