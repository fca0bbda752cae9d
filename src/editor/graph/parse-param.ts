import type { ParamSpec, ParamValue } from "../../engine/node/params.ts";

/** What a text stands for as a value of a parameter, or in words why it is none. */
export function parseParam(
  spec: ParamSpec,
  text: string,
): { readonly value: ParamValue } | { readonly fault: string } {
  switch (spec.kind) {
    case "int":
    case "float": {
      const value = Number(text);
      if (text.trim() === "" || !Number.isFinite(value)) return { fault: "This is not a number." };
      if (spec.kind === "int" && !Number.isInteger(value)) return { fault: "This must be a whole number." };
      if (spec.min !== undefined && value < spec.min) return { fault: `The smallest value is ${spec.min}.` };
      if (spec.max !== undefined && value > spec.max) return { fault: `The largest value is ${spec.max}.` };
      return { value };
    }
    case "seed": {
      if (!/^\d{1,20}$/.test(text.trim())) return { fault: "A seed is a whole number from 0." };
      const value = Number(text);
      return { value: Number.isSafeInteger(value) ? value : text.trim().replace(/^0+(?=\d)/, "") };
    }
    case "choice":
      return spec.options.includes(text)
        ? { value: text }
        : { fault: `Choose one of ${spec.options.join(", ")}.` };
    case "boolean":
      return { value: text === "true" };
    case "text":
    case "source":
      return { value: text };
  }
}
