/** The largest integer that JSON and JavaScript carry exactly; no id and no sum of money is above it. */
export const integer_max = Number.MAX_SAFE_INTEGER

export const name_length_max = 100
export const email_length_max = 100
export const text_length_max = 255
export const password_length_min = 8
/** bcrypt reads no further; what is longer is refused, never cut. */
export const password_bytes_max = 72
export const capacity_max = 10_000_000
export const quantity_max = 1_000
export const price_max = 1_000_000_000_000
