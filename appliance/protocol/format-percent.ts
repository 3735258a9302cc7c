/** How a share is shown to people. */

/** @param share 0 to 1; 0.125 is `12.5 %` */
export const formatPercent = (share: number): string => `${(100 * share).toFixed(1)} %`;
