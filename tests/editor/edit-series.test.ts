import { expect, test } from "vitest";
import { checkEditSeries } from "./fixtures/edit-series.ts";

test("300 random series of edits: the view equals the document, undone is the start, redone is the end", async () => {
  await expect(checkEditSeries(300)).resolves.toBeUndefined();
});
