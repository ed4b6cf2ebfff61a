import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { loadConfig } from '../core/config.js';
import { PrioraError } from '../core/errors.js';
import { ExitCode } from './exit-code.js';
import { loadMapping } from '../core/mapping-file.js';
import { loadMappings } from '../node/mappings.js';
import type { BiasCorrection } from '../analysis/prepare/bias-correction.js';
import { dataSetScans } from '../training-data/data-set-scans.js';
import { dicomScans } from '../training-data/dicom-scans.js';
import { Pseudonyms } from '../training-data/pseudonyms.js';
import type { FoundScans } from '../training-data/scan.js';
import { trainingSettingsSchema } from '../training-data/training-settings.js';
import { writeTrainingData } from '../training-data/write-training-data.js';
import { inputFiles } from '../node/operations/input-files.js';

interface TrainingDataArguments {
  readonly out: string;
  readonly dataSet?: string;
  readonly biasCorrection: BiasCorrection;
  readonly key?: string;
  readonly config?: string;
}

/** `priora training-data`: images with outlined metastases → the folder layout that training reads. */
export function registerTrainingDataCommand(program: Command): void {
  program
    .command('training-data')
    .description('turn image series with SEG or RTSTRUCT, or a public data set, into pseudonymised training data')
    .argument('<paths...>', 'DICOM files or folders of any patients and time points; with --data-set, its folder')
    .requiredOption('--out <dir>', 'folder to write into; finished time points in it are kept')
    .option('--data-set <name>', 'a public data set of NIfTI files, by its name in mappings/training-data.yaml')
    .addOption(
      new Option('--bias-correction <method>', 'the one that the networks will be trained for')
        .choices(['none', 'n4'])
        .default('none'),
    )
    .option(
      '--key <file>',
      'file with the secret of the pseudonyms, created if missing [OUT.key, next to the output folder]',
    )
    .option('--config <file>', 'configuration file')
    .action(async (paths: string[], options: TrainingDataArguments) => {
      const config = loadConfig(options.config);
      const mappings = loadMappings(config.mappingsDir);
      const settings = loadMapping(join(config.mappingsDir, 'training-data.yaml'), trainingSettingsSchema);
      let found: FoundScans;
      if (options.dataSet === undefined) {
        const { zone } = config.time;
        found = await dicomScans(inputFiles(paths), { selection: mappings.selection, settings, zone });
      } else {
        const dataSet = settings.dataSets.find(({ name }) => name === options.dataSet);
        if (!dataSet)
          throw new PrioraError(
            'USAGE_INVALID',
            `no data set is called ${options.dataSet}; the data sets are ${settings.dataSets.map(({ name }) => name).join(', ')}`,
          );
        if (paths.length !== 1) throw new PrioraError('USAGE_INVALID', 'a data set is one folder');
        found = dataSetScans(resolve(paths[0]), inputFiles(paths), dataSet);
      }
      const out = resolve(options.out);
      const { written, kept, refused } = await writeTrainingData(found, {
        ...mappings,
        out,
        pseudonyms: Pseudonyms.fromFile(resolve(options.key ?? `${out}.key`), settings.splits),
        biasCorrection: options.biasCorrection,
        progress: (line) => console.log(line),
      });
      for (const { name, code, reason } of refused) console.log(`left out: ${name}: ${code}: ${reason}`);
      console.log(`${written} time points written, ${kept} already there, ${refused.length} left out; see ${out}`);
      process.exitCode = written + kept === 0 ? ExitCode.nothingToDo : refused.length > 0 ? ExitCode.rejectedInput : ExitCode.done; // prettier-ignore
    });
}
