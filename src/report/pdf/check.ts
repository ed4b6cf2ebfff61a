import { number, text, type Dataset } from '../../dicom/dataset.js';

/** The document must be a PDF of the announced length, at most padded to even length (PS3.3 C.24.2). */
export function checkEncapsulatedPdf(dataset: Dataset, breaches: string[]): void {
  if (text(dataset, 'MIMETypeOfEncapsulatedDocument') !== 'application/pdf')
    breaches.push('the document is not said to be a PDF');
  const bytes = Buffer.from((dataset['EncapsulatedDocument'] ?? new ArrayBuffer(0)) as ArrayBuffer);
  const length = number(dataset, 'EncapsulatedDocumentLength') ?? NaN;
  if (!bytes.subarray(0, 5).equals(Buffer.from('%PDF-'))) breaches.push('the document is no PDF');
  if (bytes.length % 2 !== 0 || !(bytes.length - length >= 0 && bytes.length - length <= 1))
    breaches.push(`the document has ${bytes.length} bytes instead of ${length}`);
}
