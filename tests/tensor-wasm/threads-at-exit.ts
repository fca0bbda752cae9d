/** Starts the threaded backend, computes, and ends without process.exit(): run by node-threads.test.ts. */
import * as tf from "@tensorflow/tfjs";
import { createThreadedBackend } from "../../src/tensor/wasm/node-threads.ts";

tf.removeBackend("wasm");
tf.registerBackend("wasm", () => createThreadedBackend(2));
await tf.setBackend("wasm");
const product = tf.matMul(tf.ones([256, 256]), tf.ones([256, 256]));
console.log((await product.data())[0]);
