import { type Load, Loaded } from '../../parts/load.tsx'
import { Pager, Table, type TableProps } from './table.tsx'

interface PagedTableProps<Row> extends Omit<TableProps<Row>, 'rows' | 'keyOf'> {
  load: Load<{ items: readonly Row[]; nextCursor: string | null }>
  address: URLSearchParams
}

/** A page of a list, and what leads to the pages before and after. */
export function PagedTable<Row extends { id: string }>({ load, address, ...table }: PagedTableProps<Row>) {
  return (
    <Loaded load={load} lines={12}>
      {({ items, nextCursor }) => (
        <>
          <div class="framed">
            <Table {...table} rows={items} keyOf={({ id }) => id} />
          </div>
          <Pager address={address} nextCursor={nextCursor} />
        </>
      )}
    </Loaded>
  )
}
