import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ExitCode } from './exit-code.js';
import { makeNamedFolder } from '../core/folder.js';
import { deliverableKinds, type DeliverableKind } from '../node/delivery/destinations.js';
import {
  analyseFiles,
  keepOutputs,
  type AnalyseFilesOptions,
  type Analysis,
} from '../node/operations/analyse-files.js';
import { researchUse, timePointText } from './time-point-text.js';

interface AnalyseArguments extends AnalyseFilesOptions {
  readonly out: string;
  readonly json?: boolean;
}

function print({ timePoints, refusedFiles, failures }: Analysis): void {
  for (const timePoint of timePoints) {
    console.log(timePointText(timePoint));
    const files = Object.values(timePoint.outputs).filter((path) => path !== null);
    if (files.length > 0) console.log(`  ${files.join('\n  ')}`);
  }
  for (const { path, reason } of refusedFiles) console.log(`refused ${path}: ${reason}`);
  for (const { PatientID, StudyInstanceUID, reason } of failures)
    console.log(`patient ${PatientID}  study ${StudyInstanceUID}\n  failed: ${reason}`);
  console.log(researchUse);
}

/** `SEG,SR,RTSTRUCT` as a list. @throws InvalidArgumentError naming what is not a kind of object. */
function objectList(text: string): DeliverableKind[] {
  return text.split(',').map((name) => {
    const kind = deliverableKinds.find((candidate) => candidate === name.trim());
    if (!kind) throw new InvalidArgumentError(`"${name}" is none of ${deliverableKinds.join(', ')}.`);
    return kind;
  });
}

/** `priora analyse` */
export function registerAnalyseCommand(program: Command): void {
  program
    .command('analyse')
    .description('analyse DICOM files or folders without a network; studies of a patient in the order of acquisition')
    .argument('<paths...>', 'files or folders')
    .requiredOption('--out <dir>', 'folder for the objects and pictures')
    .option('--config <file>', 'configuration file')
    .option('--json', 'print one JSON object')
    .addOption(
      new Option('--objects <list>', `what to write besides the picture, of ${deliverableKinds.join(', ')}`)
        .default(['SEG', 'SR'], 'SEG,SR')
        .argParser(objectList),
    )
    .option('--force-series', 'analyse the largest series of a study that selection refuses; the report says so')
    .action(async (paths: string[], options: AnalyseArguments) => {
      const out = resolve(options.out);
      makeNamedFolder(out, '--out');
      const progress = (line: string) => console.error(line);
      const analysis = await analyseFiles(paths, { ...options, progress }, keepOutputs(out));
      if (options.json) console.log(JSON.stringify({ ...analysis, notice: researchUse }, null, 2));
      else print(analysis);
      const { timePoints, refusedFiles, failures } = analysis;
      if (failures.length > 0) process.exitCode = ExitCode.failure;
      else if (timePoints.some(({ status }) => status !== 'reported') || refusedFiles.some(({ dicom }) => dicom))
        process.exitCode = ExitCode.rejectedInput;
      else if (timePoints.length === 0) process.exitCode = ExitCode.nothingToDo;
    });
}
