<?php
/**
 * Plugin Name: Orderloop session
 * Description: Prints Orderloop's script tag, and writes the visit's session reference onto each order as the meta `_sref`.
 * Version: 1.0.0
 * Requires at least: 6.3
 * Requires PHP: 7.4
 * Requires Plugins: woocommerce
 * License: MIT
 *
 * @package Orderloop
 */

defined( 'ABSPATH' ) || exit;

add_action( 'before_woocommerce_init', 'orderloop_declare_compatibility' );
add_action( 'wp_head', 'orderloop_print_tag', 1 );

// The checkout as a shortcode.
add_action( 'woocommerce_checkout_after_customer_details', 'orderloop_print_field' );
add_action( 'woocommerce_checkout_create_order', 'orderloop_save_form' );

// The checkout as a block.
add_action( 'woocommerce_blocks_loaded', 'orderloop_extend_store_api' );
add_action( 'woocommerce_blocks_enqueue_checkout_block_scripts_after', 'orderloop_enqueue_block_script' );
add_action( 'woocommerce_store_api_checkout_update_order_from_request', 'orderloop_save_block', 10, 2 );

/** Says that orders are only touched through WooCommerce's own objects, and that the checkout block is known. */
function orderloop_declare_compatibility() {
	if ( class_exists( '\Automattic\WooCommerce\Utilities\FeaturesUtil' ) ) {
		\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'custom_order_tables', __FILE__, true );
		\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'cart_checkout_blocks', __FILE__, true );
	}
}

/** The script tag; the first line keeps what pages call before the script is here. */
function orderloop_print_tag() {
	if ( ! defined( 'ORDERLOOP_COLLECTOR' ) || ! defined( 'ORDERLOOP_KEY' ) ) {
		return;
	}
	echo '<script>window.orderloop=window.orderloop||function(){(orderloop.q=orderloop.q||[]).push(arguments)}</script>' . "\n";
	printf(
		'<script async src="%s" data-key="%s"></script>' . "\n",
		esc_url( untrailingslashit( ORDERLOOP_COLLECTOR ) . '/orderloop.js' ),
		esc_attr( ORDERLOOP_KEY )
	);
}

/** The script fills every field of this kind, as soon as the visitor's consent allows a session. */
function orderloop_print_field() {
	echo '<input type="hidden" name="orderloop_sref" data-orderloop="session_ref" value="">';
}

/**
 * Before the order of the form is saved. WooCommerce has checked the form's nonce.
 *
 * @param WC_Order $order The new order.
 */
function orderloop_save_form( $order ) {
	// phpcs:ignore WordPress.Security.NonceVerification.Missing, WordPress.Security.ValidatedSanitizedInput.InputNotSanitized
	orderloop_write( $order, isset( $_POST['orderloop_sref'] ) ? wp_unslash( $_POST['orderloop_sref'] ) : null );
}

/** Lets the checkout block send the reference along: what the Store API does not know, it drops. */
function orderloop_extend_store_api() {
	if ( ! function_exists( 'woocommerce_store_api_register_endpoint_data' ) ) {
		return;
	}
	woocommerce_store_api_register_endpoint_data(
		array(
			'endpoint'        => \Automattic\WooCommerce\StoreApi\Schemas\V1\CheckoutSchema::IDENTIFIER,
			'namespace'       => 'orderloop',
			'schema_callback' => 'orderloop_store_api_schema',
			'schema_type'     => ARRAY_A,
		)
	);
}

/**
 * Whatever comes is let in here, and judged when it is written: a bad reference must not stop a sale.
 *
 * @return array
 */
function orderloop_store_api_schema() {
	return array(
		'sref' => array(
			'description' => 'Orderloop session reference.',
			'type'        => array( 'string', 'null' ),
			'context'     => array(),
			'arg_options' => array( 'validate_callback' => '__return_true' ),
		),
	);
}

/** Where the checkout block is shown, a script hands it the reference. */
function orderloop_enqueue_block_script() {
	wp_enqueue_script( 'orderloop-session', plugins_url( 'block-checkout.js', __FILE__ ), array( 'wp-data', 'wc-blocks-checkout' ), '1.0.0', true );
}

/**
 * Before the order of the block is saved.
 *
 * @param WC_Order        $order   The order.
 * @param WP_REST_Request $request The checkout's request.
 */
function orderloop_save_block( $order, $request ) {
	$extensions = $request->get_param( 'extensions' );
	orderloop_write( $order, isset( $extensions['orderloop']['sref'] ) ? $extensions['orderloop']['sref'] : null );
}

/**
 * Writes the reference, if it is one. Its caller saves the order.
 *
 * @param WC_Order $order The order.
 * @param mixed    $sref  What the browser sent.
 */
function orderloop_write( $order, $sref ) {
	if ( is_string( $sref ) && preg_match( '/\A[A-Za-z0-9_-]{1,100}\z/', $sref ) ) {
		$order->update_meta_data( '_sref', $sref );
	}
}
