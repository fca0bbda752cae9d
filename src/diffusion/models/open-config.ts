import { ConfigReader, type JsonObject } from "./config-reader.ts";

/** A reader of the parsed `config.json` of one class. @throws when it is no object, or says that it is of another class. */
export function openConfig(className: string, json: unknown): ConfigReader {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new Error(`The config of a ${className} must be a JSON object.`);
  }
  const found = (json as JsonObject)["_class_name"];
  if (found !== undefined && found !== className) {
    throw new Error(`The config says _class_name = ${JSON.stringify(found)}; a ${className} was expected.`);
  }
  return new ConfigReader(className, json as JsonObject);
}
