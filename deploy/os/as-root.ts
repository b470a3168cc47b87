/** Formats a command that only root may run. Root needs no sudo, which a minimal machine lacks. */
export function asRoot(command: string): string {
  return process.geteuid?.() === 0 ? command : `sudo ${command}`;
}
