/** Formats a command that only root may run. Root needs no sudo, and a minimal machine has none. */
export function asRoot(command: string): string {
  return process.geteuid?.() === 0 ? command : `sudo ${command}`;
}
