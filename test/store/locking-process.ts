/** Locks the data folder that it is given, says so, and keeps it until it is ended. */
import { lockDataFolder } from '../../src/store/store.js';

const lock = lockDataFolder(process.argv[2], Date.UTC(2026, 0, 1));
process.on('message', () => lock.release());
process.send!('locked');
