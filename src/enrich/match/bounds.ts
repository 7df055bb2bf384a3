// What is beyond is not looked at, so that the cost is bounded whatever a shop or an importer sends.

/** Of a title, in characters. */
export const MAX_TITLE = 600
/** Of the names that an album or a product has. */
export const MAX_NAMES = 10
