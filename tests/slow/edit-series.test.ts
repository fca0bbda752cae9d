import { expect, test } from "vitest";
import { checkEditSeries } from "../editor/fixtures/edit-series.ts";

test("10,000 random series of edits: the view equals the document, undone is the start, redone is the end", async () => {
  await expect(checkEditSeries(10_000)).resolves.toBeUndefined();
});
