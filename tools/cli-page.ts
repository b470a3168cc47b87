/**
 * `node tools/run.js cli-page`: writes the commands in docs/cli.md from the definitions that the parser uses. A test
 * compares them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { program } from '../deploy/commands/program';

const PAGE = path.resolve(__dirname, '../docs/cli.md');

export function main(): void {
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', after = ''] = page.split(
    /(?<=<!-- commands:begin -->\n)[^]*(?=\n<!-- commands:end -->)/,
  );
  writeFileSync(PAGE, before + commandsText() + after);
}

/** The reference of all commands, in Markdown. */
export function commandsText(): string {
  return program.commands.flatMap((command) => [command, ...command.commands].map(sectionOf)).join('\n');
}

function sectionOf(command: Command): string {
  const above = command.parent?.name() === 'switchyard' ? '' : `${command.parent?.name()} `;
  const options = command.options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description }) => `| \`${flags}\` | ${description} |`);
  const args = command.registeredArguments.map(
    (argument) =>
      `| \`${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}\` | ${argument.description} |`,
  );
  const rows = [...args, ...options];
  return [
    `### ${above}${command.name()}`,
    '',
    sentence(command.description()),
    ...(rows.length === 0 ? [] : ['', '| argument or option | meaning |', '|---|---|', ...rows]),
    '',
  ].join('\n');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
