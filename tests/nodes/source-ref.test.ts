import { describe, expect, it } from "vitest";
import { parseSourceRef } from "../../src/nodes/sources/source-ref.ts";

describe("source references", () => {
  it.each([
    ["bundled:mnist-ddpm", { kind: "bundled", name: "mnist-ddpm" }],
    ["file:models/my unet", { kind: "file", path: "models/my unet" }],
    ["file:///srv/models", { kind: "file", path: "/srv/models" }],
    ["hf:google/ddpm-cifar10-32", { kind: "hf", repo: "google/ddpm-cifar10-32", revision: "main" }],
    ["hf:org/name@refs/pr/1", { kind: "hf", repo: "org/name", revision: "refs/pr/1" }],
    ["https://example.org/model", { kind: "https", url: "https://example.org/model" }],
    ["http://localhost:8080/model", { kind: "https", url: "http://localhost:8080/model" }],
  ])("reads %s", (text, expected) => {
    expect(parseSourceRef(text)).toEqual(expected);
  });

  it.each([
    "",
    "mnist",
    "bundled:",
    "bundled:../secrets",
    "hf:name",
    "hf:a/..",
    "http://example.org/model",
    "javascript:alert(1)",
  ])("refuses %j and lists the forms", (text) => {
    expect(() => parseSourceRef(text)).toThrow(/bundled:<name>, file:<path>, hf:<org>\/<name>/);
  });
});
