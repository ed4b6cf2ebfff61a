import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setPriority } from 'node:os';

/**
 * Loaded into a node's processes by a test (`NODE_OPTIONS=--import …`). The case process stands still (SIGSTOP) where it begins the stage that
 * PRIORA_STOP_AT names, "<StudyInstanceUID> <stage>", each time it does, and has told its parent so. "written" is where its first object is on disk and
 * nothing else is.
 */
const [study, stage] = (process.env.PRIORA_STOP_AT ?? '').split(' ');

const isCaseProcess = process.argv[1]?.endsWith('case-process.js');

// The node lets it yield to everything else, which here is the rest of the test suite; only root may take that back.
if (isCaseProcess && process.getuid() === 0) setPriority(0);

if (isCaseProcess && stage) {
  const { send, emit } = process;
  let current;
  // Not a listener of its own: the first one opens the channel, and what arrives before the program's would be lost.
  process.emit = function (name, message, ...rest) {
    if (name === 'message' && message.call === 'analyse') current = message.argument;
    return emit.call(this, name, message, ...rest);
  };
  process.send = function (message, ...rest) {
    const sent = send.call(this, message, ...rest);
    const begins = message.progress?.stage === stage && message.progress.fraction === null;
    if (begins && current === study) process.kill(process.pid, 'SIGSTOP');
    return sent;
  };
  const { renameSync } = fs;
  fs.renameSync = (from, to) => {
    renameSync(from, to);
    if (stage === 'written' && current === study && to.endsWith('.dcm')) process.kill(process.pid, 'SIGSTOP');
  };
  syncBuiltinESMExports();
}
