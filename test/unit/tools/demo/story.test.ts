import { storyFor } from '../../../../tools/demo/story';

const edits = (page: string): string[] =>
  storyFor(8000, page).flatMap((step) => ('run' in step && step.run.startsWith('sed ') ? [step.run] : []));

test('the change of the demo differs from the page that it starts from', () => {
  expect(edits("const GREETING = 'Hello from Switchyard';")[0]).toContain("'Hello, world'");
  expect(edits("const GREETING = 'Hello, world';")[0]).toContain("'Hello again, world'");
});
