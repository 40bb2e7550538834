/** What this client tells the server about itself beyond LSP. */

import type { StaticFeature } from 'vscode-languageclient/node';

export const CAPABILITIES: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { leanwide: { suggestionReady: true } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' }),
  clear: () => undefined,
};
