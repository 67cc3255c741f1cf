package perdure.elasticsearch.modules;

import java.util.*;
import java.util.function.*;
import org.elasticsearch.*;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.IndexVersion;
import org.elasticsearch.plugins.*;
import org.elasticsearch.rest.*;

/** GET / and POST /{index}/_delete_by_query (ES's modules rest-root and reindex are not on Maven Central) */
public class RestRootPlugin extends Plugin implements ActionPlugin {
    private ClusterService cluster;

    @Override
    public Collection<?> createComponents(PluginServices s) { cluster = s.clusterService(); return List.of(); }

    @Override
    public Collection<RestHandler> getRestHandlers(RestHandlersServices s, Supplier<DiscoveryNodes> n, Predicate<NodeFeature> f) {
        return List.of(new DeleteByQuery(), new BaseRestHandler() {
            public String getName() { return "main_action"; }
            public List<Route> routes() { return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/")); }
            protected RestChannelConsumer prepareRequest(RestRequest rq, NodeClient cl) {
                Build b = Build.current();
                Map<String, Object> v = new LinkedHashMap<>(), m = new LinkedHashMap<>();
                m.put("name", cluster.getNodeName());
                m.put("cluster_name", cluster.getClusterName().value());
                m.put("cluster_uuid", cluster.state().metadata().clusterUUID());
                v.put("number", b.version()); v.put("build_flavor", b.flavor()); v.put("build_type", b.type().displayName());
                v.put("build_hash", b.hash()); v.put("build_date", b.date()); v.put("build_snapshot", b.isSnapshot());
                v.put("lucene_version", IndexVersion.current().luceneVersion().toString());
                v.put("minimum_wire_compatibility_version", b.minWireCompatVersion());
                v.put("minimum_index_compatibility_version", b.minIndexCompatVersion());
                m.put("version", v); m.put("tagline", "You Know, for Search");
                return ch -> ch.sendResponse(new RestResponse(RestStatus.OK, ch.newBuilder().map(m)));
            }
        });
    }
}
