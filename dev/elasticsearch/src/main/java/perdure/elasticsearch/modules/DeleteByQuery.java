package perdure.elasticsearch.modules;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.bulk.BulkItemResponse;
import org.elasticsearch.action.bulk.BulkRequest;
import org.elasticsearch.action.delete.DeleteRequest;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.Strings;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.builder.SearchSourceBuilder;

/**
 * The synchronous form: scrolls, and deletes in bulk with optimistic locking. Without max_docs, slices and
 * wait_for_completion=false.
 */
class DeleteByQuery extends BaseRestHandler {
    private static final TimeValue KEEP_ALIVE = TimeValue.timeValueMinutes(5);

    @Override
    public String getName() {
        return "delete_by_query_action";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(RestRequest.Method.POST, "/{index}/_delete_by_query"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        SearchSourceBuilder source = new SearchSourceBuilder();
        request.withContentOrSourceParamParserOrNull(parser -> {
            if (parser != null) source.parseXContent(parser, true, feature -> false);
        });
        if (source.query() == null) throw new IllegalArgumentException("query is missing");
        if (!request.paramAsBoolean("wait_for_completion", true))
            throw new IllegalArgumentException("wait_for_completion=false is not supported here");
        source.size(request.paramAsInt("scroll_size", 1000))
            .fetchSource(false)
            .seqNoAndPrimaryTerm(true)
            .sort("_doc")
            .trackTotalHits(true);
        String[] indices = Strings.splitStringByCommaToArray(request.param("index"));
        boolean proceed = "proceed".equals(request.param("conflicts"));
        boolean refresh = request.hasParam("refresh") && !"false".equals(request.param("refresh"));
        return channel -> client.threadPool().generic()
            .execute(() -> new Run(client, source, indices, proceed, refresh).answer(channel));
    }

    /** One request's work and what came of it. */
    private static final class Run {
        private final long started = System.nanoTime();
        private final NodeClient client;
        private final SearchSourceBuilder source;
        private final String[] indices;
        private final boolean proceed;
        private final boolean refresh;
        private final List<Object> failures = new ArrayList<>();
        private long total;
        private long deleted;
        private long conflicts;
        private long batches;

        Run(NodeClient client, SearchSourceBuilder source, String[] indices, boolean proceed, boolean refresh) {
            this.client = client;
            this.source = source;
            this.indices = indices;
            this.proceed = proceed;
            this.refresh = refresh;
        }

        void answer(RestChannel channel) {
            try {
                delete();
                if (refresh) client.admin().indices().prepareRefresh(indices).get();
                RestStatus status = failures.isEmpty() ? RestStatus.OK : RestStatus.CONFLICT;
                channel.sendResponse(new RestResponse(status, channel.newBuilder().map(summary())));
            } catch (Exception failure) {
                try {
                    channel.sendResponse(new RestResponse(channel, failure));
                } catch (IOException unsendable) {
                    throw new UncheckedIOException(unsendable);
                }
            }
        }

        private void delete() {
            String scroll = null;
            try {
                SearchResponse page = client.prepareSearch(indices).setSource(source).setScroll(KEEP_ALIVE).get();
                while (true) {
                    scroll = page.getScrollId();
                    BulkRequest bulk = deletionsOf(page);
                    if (bulk.numberOfActions() == 0) return;
                    batches++;
                    for (BulkItemResponse item : client.bulk(bulk).actionGet()) count(item);
                    if (!failures.isEmpty()) return;
                    page = client.prepareSearchScroll(scroll).setScroll(KEEP_ALIVE).get();
                }
            } finally {
                if (scroll != null) client.prepareClearScroll().addScrollId(scroll).execute(ActionListener.noop());
            }
        }

        private BulkRequest deletionsOf(SearchResponse page) {
            try {
                BulkRequest bulk = new BulkRequest();
                total = page.getHits().getTotalHits().value();
                for (SearchHit hit : page.getHits())
                    bulk.add(new DeleteRequest(hit.getIndex(), hit.getId())
                        .setIfSeqNo(hit.getSeqNo())
                        .setIfPrimaryTerm(hit.getPrimaryTerm()));
                return bulk;
            } finally {
                page.decRef();
            }
        }

        private void count(BulkItemResponse item) {
            if (!item.isFailed()) {
                deleted++;
                return;
            }
            boolean conflict = item.getFailure().getStatus() == RestStatus.CONFLICT;
            if (conflict) conflicts++;
            if (conflict && proceed) return;
            failures.add(Map.of(
                "index", item.getIndex(),
                "id", item.getId(),
                "status", item.getFailure().getStatus().getStatus(),
                "cause", Map.of("reason", item.getFailureMessage())));
        }

        private Map<String, Object> summary() {
            Map<String, Object> summary = new LinkedHashMap<>();
            summary.put("took", (System.nanoTime() - started) / 1_000_000);
            summary.put("timed_out", false);
            summary.put("total", total);
            summary.put("deleted", deleted);
            summary.put("batches", batches);
            summary.put("version_conflicts", conflicts);
            summary.put("noops", 0);
            summary.put("retries", Map.of("bulk", 0, "search", 0));
            summary.put("throttled_millis", 0);
            summary.put("requests_per_second", -1.0);
            summary.put("throttled_until_millis", 0);
            summary.put("failures", failures);
            return summary;
        }
    }
}
