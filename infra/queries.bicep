// Queries in a workspace that others use too: there the function SegmentExportEvents is not saved, so it
// is put in front of them, and every table is cut to the rows of one Application Insights component.
var eventsFunction = loadTextContent('queries/SegmentExportEvents.kql')

func withEvents(query string) string =>
  contains(query, 'SegmentExportEvents') ? 'let SegmentExportEvents = ${eventsFunction};\n${query}' : query

@export()
@description('A query for one component; as it is where that is empty.')
func ofThisApp(query string, componentId string) string =>
  empty(componentId)
    ? query
    : reduce(
        ['AppTraces', 'AppRequests', 'AppDependencies'],
        withEvents(query),
        (text, table) => replace(text, '${table}\n', '${table}\n| where _ResourceId =~ \'${componentId}\'\n')
      )

func withQuery(part object, componentId string) object =>
  contains(part, 'query') ? union(part, { query: ofThisApp(part.query, componentId) }) : part

func withQueries(content object, componentId string) object =>
  contains(content, 'parameters')
    ? union(content, { parameters: map(content.parameters, part => withQuery(part, componentId)) })
    : withQuery(content, componentId)

@export()
@description('The workbook for one component; as it is where that is empty.')
func workbookOf(workbook string, componentId string) string =>
  empty(componentId)
    ? workbook
    : string(union(json(workbook), {
        items: map(json(workbook).items, item => union(item, { content: withQueries(item.content, componentId) }))
      }))
