/** What a person can do about a loss that is NaN or infinite. */
export function notFinite(loss: number, step: number): string {
  return (
    `the loss is ${String(loss)} at step ${String(step)}. Lower the learning rate, or limit the gradients (maxGradNorm). ` +
    "The weights before that step are kept."
  );
}
