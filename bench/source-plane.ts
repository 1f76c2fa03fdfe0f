import { startDaemon } from '../src/main/daemon.ts';

/** A daemon from source. Run as `source-plane.ts FOLDER`; tells its parent that it is up, and ends with it. */
const [folder = ''] = process.argv.slice(2);
const daemon = await startDaemon({ dataFolder: folder, port: 0, log: { write: () => undefined } });
process.send?.({ url: daemon.url, kubeconfig: daemon.kubeconfigPath });
process.once('disconnect', () => void daemon.stop());
