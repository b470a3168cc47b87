/** `completion <shell>`: prints a script that completes commands and options. Made from the parser's own definitions. */
import type { Command } from 'commander';
import { KnownError } from '../core/errors';
import { printable } from '../core/format';
import { shellQuote } from '../core/shell-word';

/** A word that can be typed, and its meaning. */
interface Word {
  word: string;
  meaning: string;
}

/** The words that can follow a command: its subcommands or its options. */
interface Completion extends Word {
  next: Word[];
}

type Shell = (commands: Completion[]) => string[];

export function completionCommand(shell: string, program: Command): number {
  const write: Shell | undefined = Object.hasOwn(SHELLS, shell)
    ? SHELLS[shell as keyof typeof SHELLS]
    : undefined;
  if (write === undefined) {
    const known = Object.keys(SHELLS).join(', ');
    throw new KnownError(
      'E_USAGE',
      `There are no completions for "${printable(shell)}".`,
      `Name one of: ${known}.`,
    );
  }
  console.log(write(completionsOf(program)).join('\n'));
  return 0;
}

function completionsOf(program: Command): Completion[] {
  return program.commands.map((command) => ({
    word: command.name(),
    meaning: command.description(),
    next: [
      ...command.commands.map((sub) => ({ word: sub.name(), meaning: sub.description() })),
      ...command.options.map((option) => ({
        word: option.long ?? option.flags,
        meaning: option.description,
      })),
    ],
  }));
}

const list = (words: Word[]): string => words.map(({ word }) => word).join(' ');

const SHELLS = {
  bash: (commands) => [
    '# In ~/.bashrc: source <(npx switchyard completion bash)',
    '_switchyard() {',
    '  local words',
    '  case "$COMP_CWORD ${COMP_WORDS[1]}" in',
    `    "1 "*) words=${shellQuote(list(commands))} ;;`,
    ...commands.map(({ word, next }) => `    *" ${word}") words=${shellQuote(list(next))} ;;`),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    'complete -F _switchyard switchyard',
  ],
  zsh: (commands) => [
    '#compdef switchyard',
    '# In ~/.zshrc, after compinit: source <(npx switchyard completion zsh)',
    '_switchyard() {',
    '  local -a words_here',
    '  case "$CURRENT $words[2]" in',
    `    "2 "*) words_here=(${described(commands)}) ;;`,
    ...commands.map(({ word, next }) => `    *" ${word}") words_here=(${described(next)}) ;;`),
    '  esac',
    "  _describe 'switchyard' words_here",
    '}',
    'compdef _switchyard switchyard',
  ],
  fish: (commands) => [
    '# npx switchyard completion fish > ~/.config/fish/completions/switchyard.fish',
    'complete -c switchyard -f',
    ...commands.map(
      ({ word, meaning }) =>
        `complete -c switchyard -n __fish_use_subcommand -a ${word} -d ${shellQuote(meaning)}`,
    ),
    ...commands.flatMap(({ word, next }) =>
      next.map((each) => {
        const what = each.word.startsWith('--') ? `-l ${each.word.slice(2)}` : `-a ${each.word}`;
        return `complete -c switchyard -n '__fish_seen_subcommand_from ${word}' ${what} -d ${shellQuote(each.meaning)}`;
      }),
    ),
  ],
} satisfies Record<string, Shell>;

/** The words in the format of zsh's _describe: `'deploy:make a commit live'`. */
function described(words: Word[]): string {
  return words
    .map(({ word, meaning }) =>
      shellQuote(`${word.replaceAll(':', '\\:')}:${meaning.replaceAll(':', '\\:')}`),
    )
    .join(' ');
}
