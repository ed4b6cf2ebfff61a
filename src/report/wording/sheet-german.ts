import { plural } from './format.js';
import type { SheetWording } from './sheet-english.js';

/** What only the tumour board sheet says, in German. */
export const germanSheet: SheetWording = {
  language: 'de',
  title: 'Hirnmetastasen im Verlauf',
  demonstration:
    'NICHT FÜR DEN KLINISCHEN GEBRAUCH: erstellt mit Demonstrationsgewichten, die an synthetischen Patienten trainiert wurden.',
  pageOf: (page, pages) => `Seite ${page} von ${pages}`,
  notStated: 'nicht angegeben',

  patientID: 'Patienten-ID',
  birthDate: 'Geboren',
  sex: 'Geschlecht',
  accession: 'Auftragsnummer',
  examination: 'Untersuchung',
  timePoint: (order) => `Zeitpunkt ${order}`,
  comparedWith: 'Voruntersuchung',
  priorUsed: (date, days) => `${date}${days === null ? '' : ` (${days} zuvor)`}, Registrierung angenommen`,
  priorRefused: (date, reason) =>
    `keine: Untersuchung vom ${date} nicht verwendet, Registrierung abgelehnt (${reason})`,
  noPrior: (reason) => `keine: ${reason}`,

  response: 'Ansprechen (RANO-BM, radiologischer Teil)',
  notAssessed: 'nicht beurteilt',
  sums: {
    now: (targets) => `Summe von ${plural(targets, 'Zielläsion', 'Zielläsionen')}`,
    baseline: (change) => `Ausgangswert${change === null ? '' : `: ${change}`}`,
    nadir: (change) => `Nadir${change === null ? '' : `: ${change}`}`,
  },
  newLesions: (names) => `Neu seit dem Ausgangsbefund: ${names}`,
  howItCame: 'Grundlage der Beurteilung',
  findings: 'Befunde',
  confirmed: (count) =>
    count === 0 ? 'Keine bestätigte Läsion' : plural(count, 'bestätigte Läsion', 'bestätigte Läsionen'),
  totalVolume: (volume) => `Gesamtvolumen ${volume}`,
  candidates: (count) => `${plural(count, 'Kandidat', 'Kandidaten')} zur Beurteilung`,
  changes: {
    baseline: 'Ausgangsbefund',
    new: 'neu',
    equivocal: 'fraglich neu',
    grown: 'progredient',
    stable: 'konstant',
    shrunk: 'regredient',
    reappeared: 'erneut',
    unclear: 'unklar',
  },
  gone: 'nicht abgrenzbar',

  lesions: 'Läsionen',
  nothingFound: 'Keine Läsionen gefunden',
  shown: (shown, all) => `${shown} von ${all}: bestätigte zuerst, dann neue, progrediente und nach Volumen`,
  whole: 'Aktuell, Übersicht',
  prior: 'Vorbefund, registriert',
  current: 'Aktuell',
  noPriorImage: 'ohne Voruntersuchung',
  pictureNote:
    'Axiale Bilder; R und L sind rechts und links des Patienten. Konturen: rot bestätigt, gelb Kandidat. Zur Orientierung, nicht zur Diagnostik.',
  volumeChange: (percent, days) => `${percent} in ${days.replace(/Tage$/, 'Tagen')}`,
  doubling: (days) => `Verdopplungszeit ${plural(days, 'Tag', 'Tage')}`,

  curves: 'Wachstumskurven',
  curvesNote: 'Volumen in cm³ über Wochen vor der aktuellen Untersuchung; je Linie eine Verdopplung.',
  curvesNoteCoarse: (doublings) =>
    `Volumen in cm³ über Wochen vor der aktuellen Untersuchung; je Linie ${doublings} Verdopplungen.`,
  noCurves: 'Noch keine Läsion im Verlauf; die Kurven beginnen mit der nächsten Untersuchung.',
  notSeen: 'keine',
  weeks: (count) => `${count} Wo`,

  columns: {
    lesion: 'Läsion',
    site: 'Lokalisation',
    confidence: 'Status',
    change: 'Verlauf',
    volume: 'Volumen',
    axes: 'Lange × kurze Achse',
    sincePrior: 'zum Vorbefund',
    sinceBaseline: 'zum Ausgang',
    doubling: 'Verdopplung',
  },
  sinceFirstSight: '* im Ausgangsbefund nicht vorhanden: bezogen auf den ersten Nachweis',
  moreLesions: (count) =>
    `und ${plural(count, 'weitere Läsion', 'weitere Läsionen')}, aufgeführt im strukturierten Bericht (SR)`,
  notFoundNow: 'Läsionen früherer Zeitpunkte',
  notes: 'Hinweise',
  moreSentences: (count) => `und ${plural(count, 'weiterer Satz', 'weitere Sätze')} im strukturierten Bericht (SR)`,
  kindsOfFinding:
    'Bestätigt: auch vom Netz hoher Spezifität markiert oder von einem Befunder angenommen. Kandidat: nur vom Netz hoher Sensitivität markiert; vom Befunder zu beurteilen.',
  networks: 'Netze',
};
