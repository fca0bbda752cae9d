/** Everything about the nodes but their code, made by the build from the node definitions. */
declare module "virtual:node-metadata" {
  import type { RegistryDescription } from "../engine/node/description.ts";

  const description: RegistryDescription;
  export default description;
}
