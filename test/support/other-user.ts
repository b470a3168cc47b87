/** A user without rights, for tests that run as root: `nobody`. */
export const OTHER_USER = 65_534;
