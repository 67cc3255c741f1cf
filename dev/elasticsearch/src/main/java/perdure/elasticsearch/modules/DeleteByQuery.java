package perdure.elasticsearch.modules;

import java.io.IOException;
import java.util.*;
import org.elasticsearch.action.bulk.*;
import org.elasticsearch.action.delete.DeleteRequest;
import org.elasticsearch.action.search.*;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.Strings;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.rest.*;
import org.elasticsearch.search.*;
import org.elasticsearch.search.builder.SearchSourceBuilder;

/** The synchronous form: scroll + bulk delete with optimistic locking. No max_docs, slices or wait_for_completion=false. */
class DeleteByQuery extends BaseRestHandler {
    public String getName() { return "delete_by_query_action"; }
    public List<Route> routes() { return List.of(new Route(RestRequest.Method.POST, "/{index}/_delete_by_query")); }

    protected RestChannelConsumer prepareRequest(RestRequest rq, NodeClient client) throws IOException {
        long t0 = System.nanoTime();
        SearchSourceBuilder src = new SearchSourceBuilder();
        rq.withContentOrSourceParamParserOrNull(p -> { if (p != null) src.parseXContent(p, true, f -> false); });
        if (src.query() == null) throw new IllegalArgumentException("query is missing");
        src.size(rq.paramAsInt("scroll_size", 1000)).fetchSource(false).seqNoAndPrimaryTerm(true).sort("_doc").trackTotalHits(true);
        String[] index = Strings.splitStringByCommaToArray(rq.param("index"));
        boolean proceed = "proceed".equals(rq.param("conflicts")), refresh = rq.hasParam("refresh") && !"false".equals(rq.param("refresh"));
        if (!rq.paramAsBoolean("wait_for_completion", true)) throw new IllegalArgumentException("wait_for_completion=false is not supported here");
        return ch -> client.threadPool().generic().execute(() -> {
            String scroll = null;
            try {
                long total = 0, deleted = 0, conflicts = 0, batches = 0;
                List<Object> failures = new ArrayList<>();
                SearchResponse r = client.prepareSearch(index).setSource(src).setScroll(TimeValue.timeValueMinutes(5)).get();
                while (true) {
                    scroll = r.getScrollId();
                    BulkRequest bulk = new BulkRequest();
                    try {
                        total = r.getHits().getTotalHits().value();
                        for (SearchHit h : r.getHits()) bulk.add(new DeleteRequest(h.getIndex(), h.getId()).setIfSeqNo(h.getSeqNo()).setIfPrimaryTerm(h.getPrimaryTerm()));
                    } finally { r.decRef(); }
                    if (bulk.numberOfActions() == 0) break;
                    batches++;
                    for (BulkItemResponse b : client.bulk(bulk).actionGet()) {
                        if (!b.isFailed()) deleted++;
                        else {
                            boolean c = b.getFailure().getStatus() == RestStatus.CONFLICT;
                            if (c) conflicts++;
                            if (!c || !proceed) failures.add(Map.of("index", b.getIndex(), "id", b.getId(), "status", b.getFailure().getStatus().getStatus(),
                                "cause", Map.of("reason", b.getFailureMessage())));
                        }
                    }
                    if (!failures.isEmpty()) break;
                    r = client.prepareSearchScroll(scroll).setScroll(TimeValue.timeValueMinutes(5)).get();
                }
                if (refresh) client.admin().indices().prepareRefresh(index).get();
                Map<String, Object> m = new LinkedHashMap<>();
                m.put("took", (System.nanoTime() - t0) / 1_000_000); m.put("timed_out", false); m.put("total", total); m.put("deleted", deleted);
                m.put("batches", batches); m.put("version_conflicts", conflicts); m.put("noops", 0); m.put("retries", Map.of("bulk", 0, "search", 0));
                m.put("throttled_millis", 0); m.put("requests_per_second", -1.0); m.put("throttled_until_millis", 0); m.put("failures", failures);
                ch.sendResponse(new RestResponse(failures.isEmpty() ? RestStatus.OK : RestStatus.CONFLICT, ch.newBuilder().map(m)));
            } catch (Exception e) {
                try { ch.sendResponse(new RestResponse(ch, e)); } catch (IOException x) { throw new RuntimeException(x); }
            } finally {
                if (scroll != null) client.prepareClearScroll().addScrollId(scroll).execute(org.elasticsearch.action.ActionListener.noop());
            }
        });
    }
}
