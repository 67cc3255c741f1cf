package perdure.elasticsearch.modules;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.IndexVersion;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;

/** GET / and POST /{index}/_delete_by_query: Elasticsearch's modules rest-root and reindex are not published as jars. */
public class RestRootPlugin extends Plugin implements ActionPlugin {
    private ClusterService cluster;

    @Override
    public Collection<?> createComponents(PluginServices services) {
        cluster = services.clusterService();
        return List.of();
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
        RestHandlersServices services,
        Supplier<DiscoveryNodes> nodes,
        Predicate<NodeFeature> features
    ) {
        return List.of(new DeleteByQuery(), new Root());
    }

    /** What clients look at first: who answers, in which version. */
    private class Root extends BaseRestHandler {
        @Override
        public String getName() {
            return "main_action";
        }

        @Override
        public List<Route> routes() {
            return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("name", cluster.getNodeName());
            answer.put("cluster_name", cluster.getClusterName().value());
            answer.put("cluster_uuid", cluster.state().metadata().clusterUUID());
            answer.put("version", version(Build.current()));
            answer.put("tagline", "You Know, for Search");
            return channel -> channel.sendResponse(new RestResponse(RestStatus.OK, channel.newBuilder().map(answer)));
        }

        private Map<String, Object> version(Build build) {
            Map<String, Object> version = new LinkedHashMap<>();
            version.put("number", build.version());
            version.put("build_flavor", build.flavor());
            version.put("build_type", build.type().displayName());
            version.put("build_hash", build.hash());
            version.put("build_date", build.date());
            version.put("build_snapshot", build.isSnapshot());
            version.put("lucene_version", IndexVersion.current().luceneVersion().toString());
            version.put("minimum_wire_compatibility_version", build.minWireCompatVersion());
            version.put("minimum_index_compatibility_version", build.minIndexCompatVersion());
            return version;
        }
    }
}
