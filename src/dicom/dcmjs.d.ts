// dcmjs ships no types; the few entry points used here are typed loosely.
declare module 'dcmjs' {
  const dcmjs: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  export default dcmjs;
}
