/** Scripts that make a shell complete the words of a command line by asking the program itself. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The flag by which the program is asked; the words of the command line follow. */
export const COMPLETION_FLAG = '--get-yargs-completions';

/** How to put the script to use, for the shell's own start-up. */
export function completionHint(shell: Shell, program: string): string {
  const file = `~/.config/fish/completions/${program}.fish`;
  return shell === 'fish' ? `${program} completion fish > ${file}` : `source <(${program} completion ${shell})`;
}

/** `SHELL` tells the program whether descriptions are wanted with the words. */
export function completionScript(shell: Shell, program: string): string {
  const ask = `SHELL=${shell} ${program} ${COMPLETION_FLAG}`;
  return { bash, zsh, fish }[shell](program, ask);
}

const bash = (
  program: string,
  ask: string,
): string => `# ${program} completion for bash: ${completionHint('bash', program)}
_${program}_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(${ask} "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${program}_complete ${program}`;

const zsh = (program: string, ask: string): string => `#compdef ${program}
# ${program} completion for zsh: ${completionHint('zsh', program)}
_${program}_complete() {
  local -a found
  found=("\${(@f)$(${ask} "\${(@)words[1,CURRENT]}" 2>/dev/null)}")
  if (( \${#found} )); then _describe '${program}' found; else _default; fi
}
compdef _${program}_complete ${program}`;

const fish = (
  program: string,
  ask: string,
): string => `# ${program} completion for fish: ${completionHint('fish', program)}
complete -f -c ${program} -a '(env ${ask} (commandline -opc) (commandline -ct) 2>/dev/null)'`;

/** Which names complete the next word: of networks or of pools. */
export function namesWanted(words: readonly string[]): 'networks' | 'pools' | undefined {
  const [group = '', verb = ''] = words;
  if (group === 'pool' && (verb === 'rm' || verb === 'remove')) return 'pools';
  const verbs = ['inspect', 'rm', 'remove', 'connect', 'disconnect'];
  if (group !== 'network' || !verbs.includes(verb)) return undefined;
  const isSecond = words.length > 3 && verb.endsWith('connect');
  return isSecond ? undefined : 'networks';
}
