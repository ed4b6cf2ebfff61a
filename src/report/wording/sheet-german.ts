import { plural } from './format.js';
import type { SheetWording } from './sheet-english.js';

/** What only the sheet for the tumour board says, in German. */
export const germanSheet: SheetWording = {
  language: 'de',
  title: 'Hirnmetastasen im Verlauf',
  researchUse:
    'Nur für die Forschung: kein Medizinprodukt. Jeder Befund braucht die Beurteilung durch einen Radiologen.',
  demonstration:
    'NICHT FÜR DEN KLINISCHEN GEBRAUCH: mit Demonstrationsgewichten erstellt, an synthetischen Patienten trainiert.',
  pageOf: (page, pages) => `Seite ${page} von ${pages}`,
  notStated: 'nicht angegeben',

  patientID: 'Patienten-ID',
  birthDate: 'Geboren',
  sex: 'Geschlecht',
  accession: 'Auftragsnummer',
  examination: 'Untersuchung',
  timePoint: (order) => `Zeitpunkt ${order}`,
  comparedWith: 'Verglichen mit',
  priorUsed: (date, days) => `${date}${days === null ? '' : ` (${days} zuvor)`}, Registrierung angenommen`,
  priorRefused: (date, reason) => `nichts: ${date} nicht verwendet, die Registrierung wurde abgelehnt (${reason})`,
  noPrior: (reason) => `nichts: ${reason}`,

  response: 'Ansprechen (RANO-BM, radiologischer Teil)',
  notAssessed: 'nicht beurteilt',
  sums: {
    now: (targets) => `Summe von ${plural(targets, 'Zielläsion', 'Zielläsionen')}`,
    baseline: (change) => `Ausgangswert${change === null ? '' : `: ${change}`}`,
    nadir: (change) => `Nadir${change === null ? '' : `: ${change}`}`,
  },
  newLesions: (names) => `Neu seit dem Ausgangsbefund: ${names}`,
  howItCame: 'Wie das Ansprechen zustande kam',
  findings: 'Befunde',
  confirmed: (count) =>
    count === 0 ? 'Keine bestätigte Läsion' : plural(count, 'bestätigte Läsion', 'bestätigte Läsionen'),
  totalVolume: (volume) => `zusammen ${volume}`,
  candidates: (count) => `${plural(count, 'Kandidat', 'Kandidaten')}, vom Befunder anzunehmen oder abzulehnen`,
  baseline: 'erstmals',
  gone: 'nicht mehr zu sehen',

  lesions: 'Läsionen',
  nothingFound: 'Keine Hirnmetastase gefunden',
  shown: (shown, all) => `${shown} von ${all}: bestätigte zuerst, dann neue, gewachsene und nach Volumen`,
  whole: 'Aktuell, ganzer Kopf',
  prior: 'Zuvor, registriert',
  current: 'Aktuell',
  noPriorImage: 'ohne Voruntersuchung',
  pictureNote:
    'Axial; R und L sind die Seiten des Patienten. Rot umrandet: bestätigt, gelb: Kandidaten. Die Bilder dienen der Orientierung, nicht der Diagnose.',
  volumeChange: (percent, days) => `${percent} in ${days.replace(/Tage$/, 'Tagen')}`,
  doubling: (days) => `verdoppelt in ${plural(days, 'Tag', 'Tagen')}`,

  curves: 'Wachstumskurven',
  curvesNote: 'Volumen in cm³ über Wochen vor dieser Untersuchung; von einer Linie zur nächsten verdoppelt es sich.',
  curvesNoteCoarse: (doublings) =>
    `Volumen in cm³ über Wochen vor dieser Untersuchung; je Linie ${doublings} Verdopplungen.`,
  noCurves: 'Noch wurde keine Läsion verfolgt: die Kurven beginnen mit der nächsten Untersuchung.',
  notSeen: 'nicht da',
  now: 'jetzt',
  weeks: (count) => `${count} Wo`,

  columns: {
    lesion: 'Läsion',
    site: 'Ort',
    confidence: 'Befund',
    change: 'Verlauf',
    volume: 'Volumen',
    axes: 'Lange × kurze Achse',
    sincePrior: 'seit zuletzt',
    sinceBaseline: 'seit Beginn',
    doubling: 'Verdopplung',
  },
  sinceFirstSight: '* anfangs nicht vorhanden: gegen die erste Sichtung',
  moreLesions: (count) =>
    `und ${plural(count, 'weitere Läsion', 'weitere Läsionen')}, aufgeführt im strukturierten Bericht (SR)`,
  notFoundNow: 'Frühere Läsionen, jetzt nicht gefunden',
  notes: 'Hinweise',
  moreSentences: (count) => `und ${plural(count, 'weiterer Satz', 'weitere Sätze')} im strukturierten Bericht (SR)`,
  kindsOfFinding: 'Bestätigt: vom Netz hoher Spezifität gefunden. Kandidat: nur vom Netz hoher Sensitivität gesehen.',
  networks: 'Netze',
};
