export { html } from "lit";
