/** A release whose process exits without output. */
import { expectDone } from '../support/expect-live';
import { forEachRuntime } from '../support/runtimes';
import { tinyClone, type TinyClone } from '../support/tiny-clone';

jest.setTimeout(180_000);

forEachRuntime((runtime) => {
  let clone: TinyClone;

  beforeAll(async () => {
    clone = await tinyClone({ runtime, bake: { seconds: 0 } });
    expectDone(await clone.start());
  });
  afterAll(() => clone.cleanUp());

  it("a release that exits without output is reported as such, without the kit's own lines", async () => {
    const { verdict } = await clone.release({ files: { 'app/server.js': 'process.exit(4);\n' } });
    expect(verdict).toMatch(/ exited with code 4 in \w+ without output$/);
  });
});
