import { describe, expect, test } from "vitest";
import { snap } from "../../src/editor/canvas/gestures/snapping.ts";

const rect = (x: number, y: number, width = 264, height = 100): Parameters<typeof snap>[0] => ({
  x,
  y,
  width,
  height,
});

describe("a dragged node", () => {
  test("lands on the grid where no neighbour is near", () => {
    expect(snap(rect(103, 47), [rect(1000, 1000)], 6)).toEqual({ x: 100, y: 50, guides: [] });
  });

  test("comes in line with the edge of a neighbour, and a guide goes through both", () => {
    const { x, y, guides } = snap(rect(303, 47), [rect(307, 400)], 6);
    expect([x, y]).toEqual([307, 50]);
    expect(guides).toEqual([{ from: { x: 307, y: 50 }, to: { x: 307, y: 500 } }]);
  });

  test("comes in line with the middle of a wider one", () => {
    const { x, guides } = snap(rect(402, 47), [rect(300, 400, 464)], 6);
    expect(x).toBe(400);
    expect(guides[0]?.from.x).toBe(532);
  });

  test("lands on whole pixels, though it was dragged by parts of them", () => {
    expect(snap(rect(38.7, 103.3), [rect(40, 210.4)], 6)).toMatchObject({ x: 40, y: 100 });
    expect(snap(rect(0, 203.3), [rect(500, 207.4)], 6).y).toBe(207);
  });

  test("takes the nearest of two, and is not drawn from farther away than it should be", () => {
    expect(snap(rect(303, 47), [rect(298, 400), rect(305, 800)], 6).x).toBe(305);
    expect(snap(rect(303, 47), [rect(311, 400)], 6).x).toBe(300);
  });
});
