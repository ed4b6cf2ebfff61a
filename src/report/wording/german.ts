import type { Confidence, FindingSite, LesionChange } from '../../model/lesion.js';
import type { Immunotherapy, NotEvaluable, ResponseCategory } from '../../model/response.js';
import type { Refusal, Remark } from '../../model/remark.js';
import type { Wording } from './english.js';
import { formatOf, listed, plural } from './format.js';
import { germanObjects } from './objects-german.js';
import { germanSheet } from './sheet-german.js';

const { decimal, signed, date } = formatOf('de-DE', '$3.$2.$1');
const mm = (value: number) => `${decimal(value, 1)} mm`;
const days = (count: number) => plural(count, 'Tag', 'Tage');
const joined = (words: readonly string[]) => listed(words, 'und');

const responses: Record<ResponseCategory | 'baseline', string> = {
  baseline: 'Ausgangsbefund',
  CR: 'komplette Remission (CR)',
  PR: 'partielle Remission (PR)',
  SD: 'stabile Erkrankung (SD)',
  'non-CR/non-PD': 'weder komplette Remission noch Progress (non-CR/non-PD)',
  PD: 'progrediente Erkrankung (PD)',
  NE: 'nicht beurteilbar (NE)',
};
const changes: Record<LesionChange, string> = {
  baseline: 'Ausgangsbefund (Lokalisation zuvor nicht abgebildet)',
  new: 'neu',
  equivocal: 'fraglich neu, zu bestätigen',
  grown: 'größenprogredient',
  stable: 'größenkonstant',
  shrunk: 'größenregredient',
  reappeared: 'erneut abgrenzbar',
  unclear: 'unklar',
};
const confidences: Record<Confidence, string> = { confirmed: 'bestätigt', candidate: 'Kandidat' };
const immunotherapies: Record<Immunotherapy, string> = {
  unknown: 'Ob der Patient eine Immuntherapie erhält, ist nicht bekannt.',
  yes: 'Der Patient erhält eine Immuntherapie.',
  no: 'Der Patient erhält keine Immuntherapie.',
};
const notEvaluable: Record<NotEvaluable, string> = {
  'no usable prior': 'ein Vergleich mit einer Voruntersuchung war nicht möglich',
  'incomplete coverage': 'Zielläsionen liegen außerhalb des Bildfelds',
  'no lesion': 'weder im Ausgangsbefund noch aktuell findet sich eine bestätigte Läsion',
};

const lengthText = (mm: number | null): string =>
  mm === null ? 'außerhalb des Bildfelds' : mm === 0 ? 'nicht abgrenzbar' : decimal(mm, 1);

function refusal(why: Refusal): string {
  switch (why.kind) {
    case 'low similarity':
      return `die Ähnlichkeit ${decimal(why.similarity, 3)} liegt unter ${decimal(why.minimum, 2)}`;
    case 'small overlap':
      return `die Voruntersuchung erfasst ${decimal(why.percent, 0)} % des Gehirns, gefordert sind ${why.minimumPercent} %`;
    case 'implausible turn':
      return `eine Rotation von ${decimal(why.degrees, 0)}° ist nicht plausibel`;
    case 'implausible shift':
      return `eine Translation von ${decimal(why.millimetres, 0)} mm ist nicht plausibel`;
  }
}

function remark(about: Remark): string {
  switch (about.kind) {
    case 'frames left out':
      return `${plural(about.frames, 'Bild eines anderen Stapels oder Bildtyps wurde', 'Bilder anderer Stapel oder Bildtypen wurden')} nicht berücksichtigt`;
    case 'padding':
      return `${plural(about.voxels, 'Füllvoxel wurde', 'Füllvoxel wurden')} auf die niedrigste Signalintensität gesetzt`;
    case 'lossy compression':
      return 'die Quellbilder wurden verlustbehaftet komprimiert';
    case 'brain cut off':
      return `das Gehirn ist nicht vollständig im Bildfeld erfasst; ausgewertet wurden ${about.examinedPercent} %`;
    case 'prior reviewed':
      return 'die Läsionen der Voruntersuchung wurden von einem Befunder korrigiert';
    case 'no earlier study':
      return 'eine frühere Untersuchung dieses Patienten liegt nicht vor';
    case 'no eligible earlier study':
      return about.studies === 1
        ? 'eine frühere Untersuchung dieses Patienten liegt vor, sie ist zum Vergleich nicht geeignet'
        : `${about.studies} frühere Untersuchungen dieses Patienten liegen vor, keine ist zum Vergleich geeignet`;
    case 'prior images unusable':
      return `die Bilder der Voruntersuchung sind nicht verwendbar: ${about.message}`;
    case 'registration failed':
      return `die Voruntersuchung ließ sich nicht registrieren: ${about.message}`;
    case 'registration refused':
      return `die Registrierung der Voruntersuchung wurde abgelehnt: ${refusal(about.refusal)}`;
  }
}

/** Lobes and structures of the atlas by SNOMED CT code; what is not listed keeps its English name. */
const structures: Readonly<Record<string, string>> = {
  '83251001': 'Frontallappen',
  '16630005': 'Parietallappen',
  '78277001': 'Temporallappen',
  '31065004': 'Okzipitallappen',
  '36169008': 'Insel',
  '113305005': 'Kleinhirn',
  '119238007': 'Hirnstamm',
  '5366008': 'Hippocampus',
  '4958002': 'Amygdala',
  '11000004': 'Nucleus caudatus',
  '89278009': 'Putamen',
  '14738005': 'Globus pallidus',
  '42695009': 'Thalamus',
};
const sides: Readonly<Record<string, string>> = { '24028007': 'rechts', '7771000': 'links' };

export const german: Wording = {
  decimal,
  signed,
  date,
  days,
  joined,
  changes,
  confidences,
  confirmedEarlier: 'früher bestätigt',
  responses,
  remark,
  refusal,

  site: ({ structure, laterality }: FindingSite) => {
    const name = structures[structure.value] ?? structure.meaning;
    return laterality ? `${name} ${sides[laterality.value] ?? laterality.meaning}` : name;
  },

  timePoint: (order) => `Zeitpunkt ${order}`,
  nothingFound: 'Keine Läsion gefunden, weder bestätigt noch als Kandidat.',
  found: (confirmed, candidates) =>
    candidates === 0
      ? `${plural(confirmed, 'bestätigte Läsion', 'bestätigte Läsionen')}, keine Kandidaten.`
      : `${plural(confirmed, 'bestätigte Läsion', 'bestätigte Läsionen')}, ${plural(candidates, 'Kandidat', 'Kandidaten')} zur Beurteilung.`,
  sincePrior: (counts) =>
    `Seit der Voruntersuchung: ${counts.map(([change, count]) => `${count} ${change === 'gone' ? 'nicht abgrenzbar' : changes[change]}`).join(', ')}.`,
  forced: 'Die automatische Serienauswahl wurde von einem Bediener übersteuert.',
  demonstration: 'Mit Demonstrationsgewichten erstellt. Nicht für den klinischen Gebrauch.',
  researchUse: 'Nur für Forschungszwecke. Kein Medizinprodukt. Nicht zur Verwendung in der Diagnostik.',
  note: (about) => `Hinweis: ${remark(about)}.`,

  priorAccepted: (on, similarity) =>
    `Im Vergleich zur Voruntersuchung vom ${date(on)}; rigide Registrierung angenommen (Ähnlichkeit ${decimal(similarity, 3)}).`,
  priorRefused: (on, reason) =>
    `Die Voruntersuchung vom ${date(on)} wurde nicht verwendet: die Registrierung wurde abgelehnt (${reason}). Die Netze erhielten keine Voruntersuchung.`,
  noPrior: (reason) => `Keine Voruntersuchung verwendet: ${reason}. Die Netze erhielten keine Voruntersuchung.`,
  model: (role, name, version, sha256, use) =>
    `Netz hoher ${role === 'sensitivity' ? 'Sensitivität' : 'Spezifität'} ${name} ${version}, SHA-256 ${sha256}. ${use}`,

  mergedFrom: (others) => `Konfluiert mit ${joined(others)}.`,
  splitFrom: (whole) => `Abgespalten von ${whole}.`,
  notVisualised: 'Nicht abgrenzbar.',
  outsideFieldOfView: 'Außerhalb des Bildfelds.',
  mergedInto: (other) => `Konfluiert mit ${other}.`,
  lastSeen: (order, daysAgo, volumeMm3, longAxisMm) =>
    `Zuletzt abgrenzbar zum Zeitpunkt ${order}, ${days(daysAgo)} zuvor: ${decimal(volumeMm3, 0)} mm³, lange Achse ${mm(longAxisMm)}.`,
  method: 'RANO-BM (Lin et al. 2015), nur der radiologische Teil.',

  overall: (category) => `RANO-BM, radiologischer Teil: ${responses[category]}.`,
  notEvaluable: (why) => `Nicht beurteilbar: ${notEvaluable[why]}.`,
  underImmunotherapy: (category) =>
    `Unter Immuntherapie gelten neue Läsionen allein nicht als Progress; das Ansprechen wäre dann: ${responses[category]}.`,
  immunotherapy: (known) => immunotherapies[known],
  lasting: (confirmed, sustained, needed) =>
    confirmed
      ? `Remission bestätigt: seit ${sustained === 1 ? '1 Tag' : `${sustained} Tagen`} anhaltend (gefordert: ${needed}).`
      : `Remission noch nicht bestätigt: seit ${sustained === 1 ? '1 Tag' : `${sustained} Tagen`} anhaltend (gefordert: ${needed}).`,
  noTargets: 'Keine Zielläsionen: im Ausgangsbefund war keine Läsion messbar.',
  targetsAtBaseline: (lengths, sumMm, order) =>
    `Zielläsionen, festgelegt zum Zeitpunkt ${order}, längste Durchmesser in mm: ${lengths.join('; ')}. Summe ${mm(sumMm)}.`,
  targets: (category, sumMm, baselineMm, nadirMm, nadirOrder) =>
    `Zielläsionen: ${category}. Summe der längsten Durchmesser ${mm(sumMm)}; Ausgangswert ${mm(baselineMm)}${
      baselineMm > 0 ? ` (${signed(100 * (sumMm / baselineMm - 1), 0)} %)` : ''
    }, Nadir ${mm(nadirMm)} zum Zeitpunkt ${nadirOrder}${
      nadirMm > 0 ? ` (${signed(100 * (sumMm / nadirMm - 1), 0)} %)` : ''
    }.`,
  targetsNotShown: (sumMm, baselineMm, nadirMm, nadirOrder) =>
    `Zielläsionen: nicht alle liegen im Bildfeld. Summe der erfassten ${mm(sumMm)}; Summe aller im Ausgangsbefund ${mm(baselineMm)}, im Nadir (Zeitpunkt ${nadirOrder}) ${mm(nadirMm)}.`,
  targetLengths: (lengths) => `Zielläsionen, Ausgangswert → Nadir → aktuell, in mm: ${lengths.join('; ')}.`,
  nonTargets: (category, lengths) =>
    `Nicht-Zielläsionen: ${category}. Bisheriges Minimum → aktuell, in mm: ${lengths.join('; ')}.`,
  nonTargetsAtBaseline: (lengths) => `Nicht-Zielläsionen, in mm: ${lengths.join('; ')}.`,
  newLesions: (lengths) => `Neu seit dem Ausgangsbefund, in mm: ${lengths.join('; ')}.`,
  equivocalLesions: (lengths) =>
    `Fraglich neu, zu bestätigen, in mm: ${lengths.join('; ')}. Nicht als Progress gewertet.`,
  noNewLesions: 'Keine neuen Läsionen.',
  progressionFrom: (order) =>
    `Der Progress wird auf Zeitpunkt ${order} zurückdatiert, den ersten Nachweis der nun als neu gesicherten Läsion.`,
  shortCountsMore: (mmCounted) =>
    `In den Summen zählt eine abgrenzbare Läsion unter ${mmCounted} mm mit ${mmCounted} mm.`,
  length: (name, lengthsMm) => `${name} ${lengthsMm.map(lengthText).join(' → ')}`,
  firstSeen: (order) => `erstmals abgrenzbar zum Zeitpunkt ${order}`,
  clinicalPart: 'RANO-BM berücksichtigt auch Steroiddosis und klinischen Zustand; beides wird hier nicht beurteilt.',
  candidatesDoNotCount: 'Kandidaten werden weder als neue Läsionen noch als Progress gewertet.',

  objects: germanObjects,
  sheet: germanSheet,
};
