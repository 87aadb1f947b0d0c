/** The value, or undefined for text that is no JSON: for readers that check the shape of what comes anyway. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
