import { openApi } from '../test/cluster/api-fixture.ts';

/** The API over a store of its own, as a process of its own: sends the path of its kubeconfig, and ends when its parent does. */
const api = await openApi();
process.on('disconnect', () => void api.close().then(() => process.exit(0)));
process.send?.(api.kubeconfig);
