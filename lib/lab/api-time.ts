/** metav1.Time: RFC 3339 in whole seconds. */
export const apiTime = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
