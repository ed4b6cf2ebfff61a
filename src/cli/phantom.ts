import { InvalidArgumentError, Option, type Command } from 'commander';
import { anatomySplit, type Split } from '../phantom/anatomies.js';
import { scanners, type ScannerName } from '../phantom/scanner.js';
import { generatePhantoms, phantomFormats, type PhantomFormat } from '../phantom/generate.js';

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed');
  return value;
}

interface PhantomArguments {
  seed: number;
  patients: number;
  ahead?: number;
  timePoints?: number;
  format: PhantomFormat;
  out: string;
  head?: string;
  anatomies?: string;
  split: Split;
  scanner: ScannerName;
}

/** `priora phantom`: writes synthetic longitudinal patients. */
export function registerPhantomCommand(program: Command): void {
  program
    .command('phantom')
    .description('write synthetic longitudinal patients with brain metastases (not for clinical use)')
    .option('--seed <n>', 'seed of the first patient; the others count up from it', wholeNumber, 1)
    .option('--patients <n>', 'how many patients', wholeNumber, 1)
    .option(
      '--ahead <n>',
      'pause while the folder holds this many patients, until some are removed [never]',
      wholeNumber,
    )
    .option('--time-points <n>', 'time points per patient [three or four, at random]', wholeNumber)
    .addOption(new Option('--format <name>', 'what to write').choices(phantomFormats).default('dicom'))
    .requiredOption('--out <dir>', 'folder to write into; finished training cases in it are kept')
    .option('--head <dir>', 'folder with head.nii.gz and brain-mask.nii.gz in MNI space [Colin27]')
    .addOption(
      new Option('--anatomies <dir>', "folder with SynthSeg's label maps seg_01.nii.gz … seg_20.nii.gz").conflicts(
        'head',
      ),
    )
    .addOption(
      new Option('--split <name>', 'which of the label maps to use: a head serves one purpose only')
        .choices(Object.keys(anatomySplit))
        .default('train'),
    )
    .addOption(
      new Option('--scanner <name>', 'the scanner that is simulated (held-out: for testing only)')
        .choices(Object.keys(scanners))
        .default('various'),
    )
    .action(async ({ anatomies, split, ...options }: PhantomArguments) => {
      await generatePhantoms({
        ...options,
        ...(anatomies && { anatomies: { folder: anatomies, split } }),
        progress: (line) => console.log(line),
      });
    });
}
