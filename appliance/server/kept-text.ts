/** What the log keeps of a prompt and of a reply, where the operator wants it to hold texts. */
export const KEPT_TEXT_BYTES = 65_536;
