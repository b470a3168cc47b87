/** The files that a deployment of HEAD would leave out, except ignored ones. */
export interface Uncommitted {
  changed: number;
  /** Not in git yet. */
  untracked: number;
}
