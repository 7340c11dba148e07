/** Natural Earth as its package has it: types made of a megabyte of numbers would slow every check of types. */
declare module 'world-atlas/countries-110m.json' {
  const atlas: import('topojson-specification').Topology<{
    readonly countries: import('topojson-specification').GeometryCollection<{
      readonly name: string
    }>
  }>
  export default atlas
}
declare module 'world-atlas/countries-50m.json' {
  import atlas from 'world-atlas/countries-110m.json'
  export default atlas
}
