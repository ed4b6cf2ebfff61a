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
  'non-CR/non-PD': 'weder komplette Remission noch Progress (Non-CR/Non-PD)',
  PD: 'progrediente Erkrankung (PD)',
  NE: 'nicht beurteilbar (NE)',
};
const changes: Record<LesionChange, string> = {
  baseline: 'Ort erstmals untersucht',
  new: 'neu',
  grown: 'gewachsen',
  stable: 'stabil',
  shrunk: 'geschrumpft',
  reappeared: 'wieder sichtbar',
  unclear: 'unklar',
};
const confidences: Record<Confidence, string> = { confirmed: 'bestätigt', candidate: 'Kandidat' };
const immunotherapies: Record<Immunotherapy, string> = {
  unknown: 'Ob eine Immuntherapie läuft, ist nicht bekannt.',
  yes: 'Es läuft eine Immuntherapie.',
  no: 'Es läuft keine Immuntherapie.',
};
const notEvaluable: Record<NotEvaluable, string> = {
  'no usable prior': 'mit der Voruntersuchung war kein Vergleich möglich',
  'incomplete coverage': 'die Bilder zeigen nicht, wo Zielläsionen liegen',
  'no lesion': 'anfangs gab es keine bestätigte Läsion, und jetzt gibt es keine',
};

function refusal(why: Refusal): string {
  switch (why.kind) {
    case 'low similarity':
      return `die Ähnlichkeit ${decimal(why.similarity, 3)} liegt unter ${decimal(why.minimum, 2)}`;
    case 'small overlap':
      return `die Voruntersuchung deckt ${decimal(why.percent, 0)} % des Gehirns ab, weniger als ${why.minimumPercent} %`;
    case 'implausible turn':
      return `eine Drehung um ${decimal(why.degrees, 0)}° ist nicht plausibel`;
    case 'implausible shift':
      return `eine Verschiebung um ${decimal(why.millimetres, 0)} mm ist nicht plausibel`;
  }
}

function remark(about: Remark): string {
  switch (about.kind) {
    case 'frames left out':
      return `${plural(about.frames, 'Bild', 'Bilder')} anderer Stapel oder Bildarten wurden weggelassen`;
    case 'padding':
      return `${plural(about.voxels, 'Füllvoxel wurde', 'Füllvoxel wurden')} auf den kleinsten Wert gesetzt`;
    case 'lossy compression':
      return 'die Quelle wurde verlustbehaftet komprimiert';
    case 'brain cut off':
      return `das untersuchte Bildfeld schneidet das Gehirn an: ${about.examinedPercent} % davon wurden untersucht`;
    case 'prior reviewed':
      return 'die Läsionen der Voruntersuchung werden so verglichen, wie ein Befunder sie korrigiert hat';
    case 'no earlier study':
      return 'keine frühere Untersuchung dieses Patienten ist bekannt';
    case 'no eligible earlier study':
      return about.studies === 1
        ? 'eine frühere Untersuchung dieses Patienten ist bekannt, sie eignet sich nicht zum Vergleich'
        : `${about.studies} frühere Untersuchungen dieses Patienten sind bekannt, keine eignet sich zum Vergleich`;
    case 'prior images unusable':
      return `die Bilder der Voruntersuchung (Studie ${about.StudyInstanceUID}) sind nicht verwendbar: ${about.message}`;
    case 'registration failed':
      return `die Voruntersuchung (Studie ${about.StudyInstanceUID}) ließ sich nicht registrieren: ${about.message}`;
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
  responses,
  remark,
  refusal,

  site: ({ structure, laterality }: FindingSite) => {
    const name = structures[structure.value] ?? structure.meaning;
    return laterality ? `${name} ${sides[laterality.value] ?? laterality.meaning}` : name;
  },

  timePoint: (order) => `Zeitpunkt ${order}`,
  nothingFound: 'Keine Hirnmetastase gefunden, weder bestätigt noch als Kandidat.',
  found: (confirmed, candidates) =>
    candidates === 0
      ? `${confirmed} bestätigt, kein Kandidat.`
      : `${confirmed} bestätigt, ${plural(candidates, 'Kandidat', 'Kandidaten')} zur Beurteilung durch den Befunder.`,
  sincePrior: (counts) =>
    `Seit der Voruntersuchung: ${counts.map(([change, count]) => `${count} ${change === 'gone' ? 'nicht mehr sichtbar' : changes[change]}`).join(', ')}.`,
  forced: 'Eine Person hat diese Serie auswerten lassen, obwohl die Serienauswahl sie abgelehnt hatte.',
  demonstration: 'Mit Demonstrationsgewichten erstellt, nicht für den klinischen Gebrauch.',
  researchUse: 'Nur für Forschungszwecke: kein Medizinprodukt, nicht zur Diagnose.',
  note: (about) => `Hinweis: ${remark(about)}.`,

  priorAccepted: (study, on, similarity) =>
    `Voruntersuchung: Studie ${study} vom ${date(on)}, starr registriert und angenommen (Ähnlichkeit ${decimal(similarity, 3)}).`,
  priorRefused: (study, on, reason) =>
    `Die Voruntersuchung ${study} vom ${date(on)} wurde nicht verwendet: ihre Registrierung wurde abgelehnt (${reason}). Die Netze sahen keine Voruntersuchung.`,
  noPrior: (reason) => `Es wurde keine Voruntersuchung verwendet: ${reason}. Die Netze sahen keine Voruntersuchung.`,
  model: (role, name, version, sha256, use) =>
    `Netz hoher ${role === 'sensitivity' ? 'Sensitivität' : 'Spezifität'} ${name} ${version}, SHA-256 ${sha256}. ${use}`,

  mergedFrom: (others) => `Ist mit ${joined(others)} zusammengewachsen.`,
  splitFrom: (whole) => `War ein Teil von ${whole}.`,
  gone: 'Nicht mehr sichtbar.',
  notCovered: 'Die Bilder zeigen ihren Ort nicht.',
  mergedInto: (other) => `Ist mit ${other} zusammengewachsen.`,
  lastSeen: (order, daysAgo, volumeMm3, longAxisMm) =>
    `Zuletzt gesehen zum Zeitpunkt ${order}, ${daysAgo === 1 ? '1 Tag' : `${daysAgo} Tage`} zuvor, mit ${decimal(volumeMm3, 0)} mm³ und einer langen Achse von ${mm(longAxisMm)}.`,
  method: 'RANO-BM (Lin 2015), nur der radiologische Teil.',

  overall: (category) => `RANO-BM, radiologischer Teil: ${responses[category]}.`,
  notEvaluable: (why) => `Nicht beurteilbar: ${notEvaluable[why]}.`,
  underImmunotherapy: (category) =>
    `Neue Läsionen allein sind nur ohne Immuntherapie ein Progress; unter Immuntherapie wäre es: ${responses[category]}.`,
  immunotherapy: (known) => immunotherapies[known],
  lasting: (confirmed, sustained, needed) =>
    confirmed
      ? `Remission bestätigt: sie besteht seit ${sustained === 1 ? '1 Tag' : `${sustained} Tagen`} (nötig sind mindestens ${needed}).`
      : `Remission noch nicht bestätigt: sie besteht seit ${sustained === 1 ? '1 Tag' : `${sustained} Tagen`}, nötig sind ${needed}.`,
  noTargets: 'Keine Zielläsionen: anfangs war keine messbar.',
  targetsAtBaseline: (count, sumMm, order) =>
    `${plural(count, 'Zielläsion', 'Zielläsionen')}, gewählt zum Zeitpunkt ${order}; Summe der längsten Durchmesser ${mm(sumMm)}; in mm:`,
  targets: (category, sumMm, baselineMm, nadirMm, nadirOrder) =>
    `Zielläsionen: ${category}. Summe der längsten Durchmesser ${mm(sumMm)}; Ausgangswert ${mm(baselineMm)}${
      baselineMm > 0 ? ` (${signed(100 * (sumMm / baselineMm - 1), 0)} %)` : ''
    }, Nadir ${mm(nadirMm)} zum Zeitpunkt ${nadirOrder}${
      nadirMm > 0 ? ` (${signed(100 * (sumMm / nadirMm - 1), 0)} %)` : ''
    }.`,
  targetsNotShown: (sumMm, baselineMm, nadirMm, nadirOrder) =>
    `Zielläsionen: nicht alle sind im Bild. Die sichtbaren ergeben ${mm(sumMm)}; alle zusammen ergaben anfangs ${mm(baselineMm)} und im Nadir, Zeitpunkt ${nadirOrder}, ${mm(nadirMm)}.`,
  targetLengths: (lengths) => `Zielläsionen in mm, Ausgangswert → Nadir → jetzt: ${lengths.join('; ')}.`,
  nonTargets: (category, lengths) =>
    `Nicht-Zielläsionen: ${category}. Kleinster Wert zuvor → jetzt, in mm: ${lengths.join('; ')}.`,
  nonTargetsAtBaseline: (lengths) => `Nicht-Zielläsionen, in mm: ${lengths.join('; ')}.`,
  newLesions: (lengths) => `Neu seit dem Ausgangsbefund, in mm: ${lengths.join('; ')}.`,
  noNewLesions: 'Keine neue Läsion.',
  length: (name, lengthsMm) =>
    `${name} ${lengthsMm.map((length) => (length === null ? 'nicht im Bild' : decimal(length, 1))).join(' → ')}`,
  firstSeen: (order) => `zuerst gesehen zum Zeitpunkt ${order}`,
  clinicalPart:
    'Steroiddosis und klinischer Zustand gehören ebenfalls zu RANO-BM; hier werden sie nicht beurteilt, eine Person muss sie hinzunehmen.',
  candidatesDoNotCount: 'Kandidaten zählen weder als neue Läsion noch als Progress.',

  objects: germanObjects,
  sheet: germanSheet,
};
