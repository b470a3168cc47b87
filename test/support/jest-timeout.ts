/** How long a test may take on a machine that is busy: a limit for what hangs, not a measure of how long anything should take. */
jest.setTimeout(120_000);
