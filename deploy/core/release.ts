/** A release: the immutable build of one commit. */

/** A full commit id: 40 hexadecimal digits. */
export type Commit = string;

/** How a release is built and started. Stored per commit, so that an older release keeps its own settings. */
export interface AppSettings {
  /** Path of the file that listens on PORT, relative to the release's folder. */
  start: string;
  /** argv of the app's own tests; null for none. */
  test: string[] | null;
  /** argv of the build; null for none. */
  build: string[] | null;
  /** argv that migrates the shared database to this release's schema; null for none. */
  migrate: string[] | null;
  /** Path that answers 200 with commit and instance when the app is ready. */
  health: string;
  /** More paths that must answer below 400 before a release gets traffic. */
  smoke: string[];
}

/** The immutable build of one commit. */
export interface Release {
  commit: Commit;
  /** `version` of the commit's package.json. */
  version: string;
  /** First line of the commit's message. */
  subject: string;
  /** Absolute folder with the checked-out, installed and built commit. */
  dir: string;
  app: AppSettings;
}
